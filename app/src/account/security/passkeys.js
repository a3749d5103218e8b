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
    form.hidden = false;
    // A page that comes back from the browser's memory must not send an old answer.
    window.addEventListener("pageshow", () => { answer.value = ""; });
    form.addEventListener("submit", async (event) => {
      if (answer.value) return;
      event.preventDefault();
      fault.hidden = true;
      try {
        answer.value = JSON.stringify(await ask(form));
        form.submit();
      } catch (error) {
        fault.textContent = inWords(error);
        fault.hidden = false;
      }
    });
  }
})();
