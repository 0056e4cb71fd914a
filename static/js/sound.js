// Sounds, made here so that there is no file to miss. Each has a visible twin: the new row, the late row, the banner.
// A browser plays nothing before the first click or key; until then the button says so.

let context = null;
let wanted = localStorage.getItem("sound") !== "off";
const button = document.querySelector("#sound");

const TUNES = {
  call: [[660, 0, 0.12], [880, 0.14, 0.16]],
  assigned: [[523, 0, 0.14], [659, 0.16, 0.14], [784, 0.32, 0.22]],
  late: [[330, 0, 0.2], [330, 0.3, 0.2]],
  mayday: [[988, 0, 0.35], [659, 0.4, 0.35], [988, 0.8, 0.35], [659, 1.2, 0.35]],
};

function show() {
  if (!button) return;
  const on = wanted && context?.state === "running";
  button.dataset.state = on ? "on" : "muted";
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".text").textContent = on ? button.dataset.textOn : button.dataset.textMuted;
  button.querySelector("use").setAttribute("href", on ? "#i-sound" : "#i-muted");
}

async function wake() {
  if (!wanted) return;
  context ||= new AudioContext();
  if (context.state !== "running") await context.resume();
  show();
}

export function play(name) {
  document.dispatchEvent(new CustomEvent("cso:sounded", { detail: name }));
  if (!wanted || context?.state !== "running") return;
  const start = context.currentTime + 0.02;
  for (const [pitch, after, length] of TUNES[name]) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = name === "mayday" ? "square" : "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start + after);
    volume.gain.linearRampToValueAtTime(name === "mayday" ? 0.25 : 0.16, start + after + 0.02);
    volume.gain.setValueAtTime(name === "mayday" ? 0.25 : 0.16, start + after + length - 0.04);
    volume.gain.linearRampToValueAtTime(0, start + after + length);
    tone.connect(volume).connect(context.destination);
    tone.start(start + after);
    tone.stop(start + after + length);
  }
}

button?.addEventListener("click", async () => {
  wanted = !(wanted && context?.state === "running");
  localStorage.setItem("sound", wanted ? "on" : "off");
  if (wanted) { await wake(); play("call"); } else await context?.suspend();
  show();
});
for (const name of ["pointerdown", "keydown"]) addEventListener(name, (event) => { if (!event.target.closest?.("#sound")) wake(); }, { passive: true });

// A MAYDAY goes on until somebody takes it, and again when sworn has not accepted it in time. On the tablet, where nobody
// can take it, a colleague's sounds once.
const crying = () => document.querySelector(".alarm[data-cry]") !== null;
let next = 0;
const heard = new Set();
setInterval(() => {
  if (crying() && Date.now() > next) { next = Date.now() + 4000; play("mayday"); }
  for (const { dataset: { alarm } } of document.querySelectorAll(".colleague")) if (!heard.has(alarm)) { heard.add(alarm); play("mayday"); }
}, 500);

let lastCall = 0;
document.addEventListener("cso:event", (event) => {
  const { kind = "", mine = false } = event.detail;
  if (kind.includes("assign") && mine) play("assigned");
  else if (/call[._]?(taken|created|opened|received)/.test(kind) && Date.now() - lastCall > 1500) { lastCall = Date.now(); play("call"); }
});
document.addEventListener("cso:late", () => { if (document.body.matches(".console") || document.querySelector(".welfare[data-late]")) play("late"); });
show();
