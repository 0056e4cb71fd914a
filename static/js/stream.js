// The board changes by itself. One stream per browser, shared by its windows: a browser opens six connections to a
// server and no more. The window that holds the lock listens and tells the others; when it closes, another takes over.
// Every window knows the number of the last change it has, and asks when something is missing.

const live = document.querySelector("#live");
const SILENT_MS = 12_000;
const LOST_MS = 30_000;
const KEPT = 100;
const address = live?.dataset.stream;
const name = `stream ${address} ${document.documentElement.lang}`;
const channel = address && window.BroadcastChannel ? new BroadcastChannel(name) : null;

let seen = Number(live?.dataset.after || 0); // the last change that this window has
let heard = Date.now(); // when the stream last showed life
let down = true;

function say(message) { channel?.postMessage(message); }
function tell(message) { say(message); take(message); }

// --- what every window does with what comes -----------------------------------------------------------------------

function take(message) {
  if (message.type === "frame") {
    alive();
    if (message.from > seen && !message.frame.whole) say({ type: "hello", after: seen });
    else if (message.frame.seq >= seen) apply(message.frame);
  } else if (message.type === "pulse") {
    alive();
    const watch = document.querySelector("#watch");
    if (watch && watch.hidden !== message.watched) watch.hidden = message.watched;
    document.dispatchEvent(new CustomEvent("cso:time", { detail: message.at }));
  } else if (message.type === "down") {
    down = true;
    show();
  } else if (message.type === "anew") readAnew();
  else if (message.type === "lead") say({ type: "hello", after: seen });
}

// A backup was restored: this board shows what is no more. What is typed is kept (draft.js).
const ANEW_MS = 60_000;
function readAnew() {
  if (Date.now() - Number(sessionStorage.getItem("anew") || 0) < ANEW_MS) return;
  sessionStorage.setItem("anew", Date.now());
  location.reload();
}

function apply(frame) {
  const before = seen;
  const touched = frame.patches.map(patch).filter(Boolean);
  const gone = frame.whole ? strangers(new Set(frame.patches.map((each) => each.id))) : frame.remove;
  for (const id of gone) if (remove(id)) touched.push(id);
  seen = Math.max(seen, frame.seq);
  live.dataset.after = seen;
  if (touched.length) document.dispatchEvent(new CustomEvent("cso:patched", { detail: { ids: touched } }));
  const tablet = document.querySelector("#tablet");
  for (const event of frame.events.filter((each) => each.seq > before)) {
    const mine = Boolean(tablet) && event.about.unit === tablet.dataset.callsign;
    document.dispatchEvent(new CustomEvent("cso:event", { detail: { ...event, mine } }));
  }
  refreshPanes(frame);
}

const inform = {
  // What the browser itself has written into a row stays as it is; scripts mend it after the patch.
  beforeNodeMorphed: (old, fresh) => !(old.matches?.("time.tick") && fresh.matches?.("time.tick")
    && ["since", "due"].every((key) => old.dataset[key] === fresh.dataset[key])),
  beforeAttributeUpdated: (attribute) => !["hidden", "data-late", "data-danger", "aria-current"].includes(attribute),
};
const drawn = new Map();

function patch({ id, into, sort, html }) {
  const container = document.getElementById(into);
  if (!container) return null;
  let row = document.getElementById(id);
  if (row && drawn.get(id) === html) return null;
  drawn.set(id, html);
  if (row) {
    window.Idiomorph.morph(row, html, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks: inform });
    row = document.getElementById(id);
  } else {
    const box = document.createElement("template");
    box.innerHTML = html;
    row = box.content.firstElementChild;
  }
  place(row, container, sort);
  if (row.querySelector("[hx-post], [hx-get]")) window.htmx?.process(row);
  return id;
}

function place(row, container, sort) {
  const next = [...container.children].find((other) => other !== row && (other.dataset.sort || "") > sort) || null;
  const sibling = row.nextElementSibling;
  if (row.parentElement === container && sibling === next) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  container.insertBefore(row, next);
  focused?.focus({ preventScroll: true });
}

function remove(id) {
  const row = document.getElementById(id);
  drawn.delete(id);
  if (!row) return false;
  const neighbour = row.nextElementSibling || row.previousElementSibling;
  const focused = row.contains(document.activeElement);
  row.remove();
  if (focused) neighbour?.querySelector("a, button")?.focus({ preventScroll: true });
  return true;
}

function strangers(known) {
  const rows = document.querySelectorAll("#calls > [data-sort], #units > [data-sort], #alarms > [data-sort]");
  return [...rows].map((row) => row.id).filter((id) => !known.has(id));
}

// An open call or tablet is asked for anew, once for all that comes within a moment.
const stale = new Set();
let soon = 0;
function refreshPanes(frame) {
  const about = (key, value) => frame.whole || frame.events.some((event) => value && event.about[key] === value);
  const call = document.querySelector("#call");
  if (call && about("call", call.dataset.number)) stale.add("#call");
  const tablet = document.querySelector("#tablet");
  if (tablet && (about("unit", tablet.dataset.callsign) || about("call", tablet.dataset.number) || about("call", tablet.dataset.help))) stale.add("#tablet");
  const inDanger = ({ into, html }) => into === "alarms" && html.includes("alarm danger");
  const isOver = (id) => tablet.querySelector(`[data-alarm="${CSS.escape(id)}"]`);
  if (tablet && (frame.patches.some(inDanger) || frame.remove.some(isOver))) stale.add("#tablet");
  if (!stale.size || soon) return;
  soon = setTimeout(() => {
    soon = 0;
    for (const selector of stale) if (document.querySelector(selector)) window.htmx.trigger(selector, "refresh");
    stale.clear();
  }, 60);
}

// --- the indicator: live only while something keeps coming ---------------------------------------------------------

function alive() { heard = Date.now(); down = false; show(); }

function show() {
  const link = document.querySelector("#link");
  if (!link) return;
  const silent = Date.now() - heard;
  const state = !down && silent < SILENT_MS ? "live" : silent < LOST_MS ? "waiting" : "lost";
  const text = link.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`] || "";
  const zone = document.documentElement.dataset.zone || "UTC";
  const since = state === "lost" ? ` ${new Date(heard).toLocaleTimeString("en-GB", { timeZone: zone })}` : "";
  const words = link.querySelector(".text") || link;
  if (link.dataset.state !== state) link.dataset.state = state;
  if (words.textContent !== text + since) words.textContent = text + since;
}

setInterval(() => {
  show();
  // A hidden leader's timers hardly run; a message wakes it.
  if (Date.now() - heard > SILENT_MS) { say({ type: "knock" }); if (leader) leader.knock(); }
}, 1000);

// --- the leader ---------------------------------------------------------------------------------------------------

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

class Leader {
  constructor() {
    this.position = seen; // what the stream has told so far
    this.kept = []; // the latest frames, each with the number it begins at
    this.keptFrom = seen;
    this.tries = 0;
    this.last = null;
    this.lifeAt = Date.now();
  }

  async run() {
    say({ type: "lead" });
    await wait(channel ? 150 : 0);
    for (;;) {
      this.lifeAt = Date.now();
      this.connection = new AbortController();
      try { await this.listen(); } catch { /* refused, cut or silent: all the same, try again */ }
      if (this.rewinding) { this.rewinding = false; continue; }
      tell({ type: "down" });
      const pause = Math.min(15_000, 500 * 2 ** this.tries) * (0.5 + Math.random() / 2);
      this.tries += 1;
      await Promise.race([wait(pause), new Promise((done) => { this.retry = done; })]);
      this.retry = null;
    }
  }

  async listen() {
    const url = new URL(address, location.href);
    url.searchParams.set("after", this.position);
    this.kept = [];
    this.keptFrom = this.position;
    const answer = await fetch(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: this.connection.signal });
    if (answer.status === 409) tell({ type: "anew" });
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) this.hear(part);
    }
  }

  hear(part) {
    const lines = part.split("\n");
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
    if (!data) return;
    this.lifeAt = Date.now();
    this.tries = 0;
    const said = JSON.parse(data);
    if (lines.includes("event: pulse")) { this.last = { type: "pulse", ...said }; tell(this.last); return; }
    const message = { type: "frame", from: this.position, frame: said };
    this.position = said.seq;
    this.kept.push(message);
    if (this.kept.length > KEPT) this.keptFrom = this.kept.shift().frame.seq;
    tell(message);
  }

  // A window says what it has: it gets what it lacks, from memory or by going back that far.
  hello(after) {
    if (after < this.keptFrom) {
      this.position = Math.min(this.position, after);
      this.rewinding = Boolean(this.connection) && !this.retry;
      this.connection?.abort();
      this.knock();
      return;
    }
    for (const message of this.kept) if (message.frame.seq > after) say(message);
    if (this.last && Date.now() - this.lifeAt < SILENT_MS) say(this.last);
  }

  knock() {
    if (Date.now() - this.lifeAt > SILENT_MS) this.connection?.abort();
    if (this.retry && (this.tries < 4 || !document.hidden)) { const go = this.retry; setTimeout(go, 500 + Math.random() * 1500); this.retry = null; }
  }
}

let leader = null;
function lead() {
  leader = new Leader();
  return leader.run();
}

if (address) {
  channel?.addEventListener("message", ({ data }) => {
    if (!leader) take(data);
    else if (data.type === "hello") leader.hello(data.after);
    else if (data.type === "knock") leader.knock();
  });
  if (channel && navigator.locks) navigator.locks.request(name, lead);
  else lead();
  say({ type: "hello", after: seen });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  for (const sign of ["online", "visibilitychange"]) addEventListener(sign, () => { show(); leader?.knock(); if (!leader) say({ type: "hello", after: seen }); });
  addEventListener("offline", () => { down = true; show(); });
  addEventListener("pagehide", () => leader?.connection?.abort());
}
