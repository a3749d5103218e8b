// Works out what the sign-up asks for where many accounts were made from one network: a number that
// gives a hash its leading zeros. It begins with the page, and is mostly done before the form is.
(async () => {
  const field = document.querySelector("input[data-challenge]");
  if (!field || !window.crypto?.subtle) return;
  const { challenge, difficulty, wait } = field.dataset;
  const { form } = field;
  const status = document.querySelector("[data-proof]");
  const soonest = performance.now() + Number(wait) * 1000;
  const due = () => !field.value && performance.now() < soonest;
  let sender;

  form.addEventListener("submit", (event) => {
    if (!due()) return;
    event.preventDefault();
    sender = event.submitter;
    status.textContent = "One moment: your browser is still working something out. Then this is sent.";
  });
  status.textContent = "Many accounts were made from your network today, so your browser works something out first. It takes a moment.";

  const encoder = new TextEncoder();
  const batch = 256;
  // Forms of one network may share a challenge, and each answer is good once: they look for it apart.
  const start = Math.floor(Math.random() * 2 ** 48);
  for (let from = start; !field.value; from += batch) {
    const numbers = Array.from({ length: batch }, (_, i) => from + i);
    const hashes = await Promise.all(
      numbers.map((number) => crypto.subtle.digest("SHA-256", encoder.encode(`${challenge}.${number}`))),
    );
    const found = hashes.findIndex((hash) => leadingZeros(new Uint8Array(hash)) >= Number(difficulty));
    if (found >= 0) field.value = String(numbers[found]);
  }
  status.textContent = "Your browser has worked out what was asked of it. You can send the form.";
  if (sender !== undefined) form.requestSubmit(sender);

  function leadingZeros(bytes) {
    let zeros = 0;
    for (const byte of bytes) {
      if (byte) return zeros + Math.clz32(byte) - 24;
      zeros += 8;
    }
    return zeros;
  }
})();
