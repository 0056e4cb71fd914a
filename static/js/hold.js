// MAYDAY: held for 1.2 s, or tapped twice within 5 s, so that no glove sends it by chance and no shaking hand fails to.
// Once meant it is never dropped: kept in the browser, tried again until the server has it, and until then the page says
// what is true: it is not sent, use the radio.

const HOLD = 1200;
const ARMED = 5000;
const form = document.querySelector("#mayday");
const button = form?.querySelector("button.mayday");
const say = form?.querySelector(".say");
const outcome = form?.querySelector(".outcome");
const key = form ? `mayday:${form.action}` : "";
let holding = null;
let armedUntil = 0;
let swallow = false;

const text = (name) => form.dataset[`text${name}`];
function state(name) {
  if (name) form.dataset.state = name; else delete form.dataset.state;
  say.textContent = { armed: text("Armed"), sending: text("Sending") }[name] || text("Idle");
  if (name === "sent") outcome.textContent = text("Sent");
  else if (name === "failed") outcome.textContent = `${text("Failed")} · ${text("Again")}`;
  else if (!name) outcome.textContent = "";
}

function mean() {
  const kept = { once: crypto.randomUUID(), occurred_at: new Date().toISOString() };
  if (!localStorage.getItem(key)) localStorage.setItem(key, JSON.stringify(kept));
  state("sending");
  send();
}

let sending = false;
async function send() {
  const kept = localStorage.getItem(key);
  if (!kept || sending) return;
  sending = true;
  try {
    const body = new URLSearchParams({ ...JSON.parse(kept), csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(4000) });
    if (!answer.ok || answer.url.includes("/accounts/login/")) throw new Error(String(answer.status));
    localStorage.removeItem(key);
    state("sent");
  } catch {
    state("failed");
    setTimeout(send, 2000);
  } finally { sending = false; }
}

function down(event) {
  if (event.button > 0) return;
  state("holding");
  holding = setTimeout(() => { holding = null; swallow = true; mean(); }, HOLD);
}
function up() {
  if (holding) { clearTimeout(holding); holding = null; state(armedUntil > Date.now() ? "armed" : ""); }
}
function tap(event) {
  event.preventDefault();
  if (swallow) { swallow = false; return; }
  if (armedUntil > Date.now()) { armedUntil = 0; mean(); return; }
  armedUntil = Date.now() + ARMED;
  state("armed");
  setTimeout(() => { if (armedUntil && armedUntil <= Date.now()) { armedUntil = 0; state(""); } }, ARMED + 50);
}

if (form) {
  button.addEventListener("pointerdown", down);
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(name, up);
  button.addEventListener("click", tap);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  addEventListener("online", send);
  if (localStorage.getItem(key)) { state("failed"); send(); }
}
