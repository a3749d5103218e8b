// Forms that a passkey answers. The server says what is to be signed, the browser asks its owner,
// and the form is then sent like any other.
(() => {
  const Credential = window.PublicKeyCredential;
  if (!Credential || !Credential.parseRequestOptionsFromJSON) return;

  async function ask(form) {
    const asked = await fetch(form.dataset.options, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    });
    const answer = await asked.json();
    if (!asked.ok) throw new Error(answer.message);
    const { publicKey } = JSON.parse(answer);
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: Credential.parseCreationOptionsFromJSON(publicKey) })
      : navigator.credentials.get({ publicKey: Credential.parseRequestOptionsFromJSON(publicKey) });
  }

  function inWords(error) {
    if (error.name === "NotAllowedError") return "Nothing came of that: it was cancelled, or took too long.";
    if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
    if (error.name === "Error" && error.message) return error.message;
    return "Your browser could not do that. Please try again, or choose another way.";
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const { answer } = form.elements;
    const fault = form.querySelector("[data-fault]");
    const button = form.querySelector("button");
    form.hidden = false;
    // A page that comes back from the browser's memory can be used again.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) button.removeAttribute("aria-disabled");
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      // Asking once more would make the answer to the first question worthless.
      if (button.hasAttribute("aria-disabled")) return;
      button.setAttribute("aria-disabled", "true");
      fault.hidden = true;
      try {
        answer.value = JSON.stringify(await ask(form));
        form.submit();
      } catch (error) {
        fault.textContent = inWords(error);
        fault.hidden = false;
        button.removeAttribute("aria-disabled");
      }
    });
  }
})();
