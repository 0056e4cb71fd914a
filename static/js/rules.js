// The editor of a rule set: a draft is saved as it is changed, whoever else has it open is named, nothing typed is lost.
// The server draws the sentences; here is only the document, its order, and the form for one part of it.
// The safety floor is edited in the same way, but proposed as a whole: drawn anew with each change and stored by none.

const bench = document.querySelector("#rules");
const text = (name) => bench.dataset[`text${name}`];
const choices = JSON.parse(document.querySelector("#rule-choices").textContent);
const box = () => document.querySelector("#document");
const read = () => JSON.parse(document.querySelector("#rule-document").textContent);
const keptKey = `rules:${document.body.dataset.agency}:${document.body.dataset.member}:${bench.dataset.version}`;
const proposal = document.querySelector("#proposal"); // the form that proposes a floor; its own draft is kept for it
const mineKey = `${keptKey}:mine`;
let doc = read();
let revision = Number(box().dataset.revision);
let timer = null;
let saving = false;
let dirty = false;

function tell(state, words) {
  const line = document.querySelector("#saved");
  if (!line) return;
  line.dataset.state = state;
  line.querySelector(".what").textContent = words;
}

function changed(delay = 700) {
  dirty = true;
  keep();
  tell("saving", text("Saving"));
  clearTimeout(timer);
  timer = setTimeout(save, delay);
}

function keep() {
  if (!proposal) { localStorage.setItem(keptKey, JSON.stringify({ doc, revision, at: Date.now() })); return; }
  proposal.elements.document.value = JSON.stringify(doc, null, 2);
  proposal.elements.document.dispatchEvent(new Event("input", { bubbles: true }));
}

async function save() {
  if (saving || !dirty) return;
  saving = true;
  dirty = false;
  const body = new URLSearchParams({ document: JSON.stringify(doc), revision, csrfmiddlewaretoken: token() });
  try {
    const answer = await fetch(bench.dataset.save, { method: "POST", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(15000) });
    const html = await answer.text();
    if (answer.ok && !answer.url.includes("/accounts/login/")) took(html);
    else refused(answer.status, html);
  } catch {
    dirty = true;
    tell("wrong", text("Unsaved"));
    timer = setTimeout(save, 5000);
  } finally { saving = false; }
  if (dirty && !timer) timer = setTimeout(save, 300);
}
const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

function took(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const fresh = answer.querySelector("#document");
  revision = Number(fresh.dataset.revision);
  if (!dirty) { localStorage.removeItem(keptKey); tell("saved", text("Saved")); }
  for (const shown of box().querySelectorAll("details[open]")) fresh.querySelector(`#${shown.id}`)?.setAttribute("open", "");
  window.Idiomorph.morph(box(), fresh.outerHTML, { morphStyle: "outerHTML" });
  if (proposal) document.querySelector("#changes").replaceChildren(...answer.querySelector("#changes").childNodes);
  mark();
  bench.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
  for (const id of ["#proof", "#try"]) { const element = document.querySelector(id); if (element) window.htmx.trigger(element, id === "#try" ? "saved" : "prove"); }
  proving();
}
function refused(status, html) {
  const words = new DOMParser().parseFromString(html, "text/html").querySelector("#refusal, p")?.textContent.trim() || String(status);
  tell("wrong", status === 412 ? text("Stale") : `${text("Wrong")} ${words}`);
  if (status === 412) meanwhile(text("Stale"));
}
function meanwhile(words) {
  const notice = document.querySelector("#meanwhile");
  if (!notice) return;
  notice.hidden = false;
  notice.querySelector("p").textContent = words;
  notice.querySelector("[data-reload]").hidden = false;
}

// --- order: by dragging, or Alt and an arrow key on the grip ---

function move(list, from, to) {
  if (to < 0 || to >= doc[list].length || from === to) return;
  const [item] = doc[list].splice(from, 1);
  doc[list].splice(to, 0, item);
  const holder = document.querySelector(`[data-list="${list}"]`);
  const rows = [...holder.children];
  holder.insertBefore(rows[from], to > from ? rows[to].nextSibling : rows[to]);
  changed(250);
}
const placeOf = (row) => [...row.parentElement.children].indexOf(row);
const listOf = (row) => row.closest("[data-list]").dataset.list;
document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-move]");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!grip || !by || !event.altKey) return;
  event.preventDefault();
  const row = grip.closest(".part");
  move(listOf(row), placeOf(row), placeOf(row) + by);
  grip.focus();
});
let dragged = null;
document.addEventListener("dragstart", (event) => { dragged = event.target.closest?.(".part"); if (dragged) { dragged.dataset.dragged = ""; event.dataTransfer.effectAllowed = "move"; } });
document.addEventListener("dragend", () => { for (const row of document.querySelectorAll(".part")) { delete row.dataset.over; delete row.dataset.dragged; } dragged = null; });
document.addEventListener("dragover", (event) => {
  const row = event.target.closest?.(".part");
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  for (const other of row.parentElement.children) if (other !== row) delete other.dataset.over;
  row.dataset.over = placeOf(dragged) < placeOf(row) ? "after" : "before";
});
document.addEventListener("drop", (event) => {
  const row = event.target.closest?.(".part");
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  move(listOf(row), placeOf(dragged), placeOf(row));
});

// --- one part of the document in a form ---

const editor = document.querySelector("#editor");
const form = editor?.querySelector("form");
let open = null; // { list, item }
const WORDS = { questions: "text", rules: "because", disqualifiers: "because", invariants: "because" };
const fieldWords = (name) => form.dataset[`text${name}`];

function edit(list, id) {
  const item = doc[list].find((one) => one.id === id);
  if (!item) return;
  open = { list, item };
  editor.hidden = false;
  editor.querySelector(".id").textContent = id;
  for (const element of form.querySelectorAll("[data-for]")) element.hidden = !(element.dataset.for === "all" || element.dataset.for.split(" ").includes(list));
  for (const name of ["id", "route", "priority", "mode", "off_hours", "qualification"]) if (name in item || name === "qualification") form.elements[name].value = item[name] ?? "";
  form.elements.approval.checked = Boolean(item.approval);
  if (list === "questions") { form.elements.codes.value = item.codes.join(", "); form.elements.types.value = item.types.join(", "); }
  for (const language of choices.languages) form.elements[`words_${language}`].value = item[WORDS[list]][language] || "";
  if (item.when) drawCondition();
  mark();
  form.elements.id.focus();
  editor.scrollIntoView({ block: "nearest" });
}
function mark() {
  for (const row of document.querySelectorAll(".part")) row.toggleAttribute("data-editing", Boolean(open) && !editor.hidden && row.dataset.id === open.item.id);
}
const commas = (value) => value.split(",").map((one) => one.trim()).filter(Boolean);

function take(event) {
  if (!open || event.target.closest("[data-condition]")) return;
  const { list, item } = open;
  const { name, value } = event.target;
  if (name.startsWith("words_")) { const said = item[WORDS[list]]; if (value.trim()) said[name.slice(6)] = value; else delete said[name.slice(6)]; }
  else if (name === "approval") item.approval = event.target.checked;
  else if (name === "priority") item.priority = Number(value);
  else if (name === "qualification") item.qualification = value || null;
  else if (name === "codes" || name === "types") item[name] = commas(value);
  else item[name] = value;
  changed();
}
const NEW = {
  questions: () => ({ codes: ["injury"], text: { en: "?" }, types: [] }),
  disqualifiers: () => ({ when: firstTest(), priority: 1, because: { en: "…" } }),
  rules: () => ({ when: firstTest(), route: "sworn", priority: 3, qualification: null, mode: "in_person", off_hours: "hold", approval: false, because: { en: "…" } }),
  invariants: () => ({ when: firstTest(), route: "sworn", because: { en: "…" } }),
};
const firstTest = () => ({ field: "type", is: choices.fields.type.values[0] });
function add(list) {
  const used = new Set(Object.values(doc).flat().map((one) => one?.id));
  let n = doc[list].length + 1;
  const letter = bench.dataset.letter || { questions: "Q", disqualifiers: "D", rules: "R", invariants: "I" }[list];
  while (used.has(`${letter}-new-${n}`)) n += 1;
  doc[list] = [...(doc[list] || []), { id: `${letter}-new-${n}`, ...NEW[list]() }];
  changed(0);
  edit(list, `${letter}-new-${n}`);
}

// --- conditions: groups of tests, any depth ---

function drawCondition() { form.querySelector("[data-condition]").replaceChildren(drawNode(open.item.when, (node) => { open.item.when = node; redraw(); }, null)); }
function redraw() { drawCondition(); changed(); }
const kindOf = (node) => ["all", "any", "not"].find((word) => word in node) || "test";
function select(options, value, label, pick) {
  const element = document.createElement("select");
  element.className = "input";
  element.ariaLabel = label;
  for (const [code, words] of options) element.add(new Option(words, code, false, code === value));
  element.addEventListener("change", () => pick(element.value));
  return element;
}
function button(words, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button small";
  element.textContent = words;
  element.addEventListener("click", act);
  return element;
}
function drawNode(node, put, remove) {
  const kind = kindOf(node);
  if (kind === "test") return drawTest(node, put, remove);
  const group = document.createElement("div");
  group.className = "group";
  const parts = kind === "not" ? [node.not] : node[kind];
  const names = [["all", fieldWords("All")], ["any", fieldWords("Any")], ["not", fieldWords("Not")]];
  const line = document.createElement("div");
  line.className = "test";
  line.append(select(names, kind, fieldWords("Comparison"), (word) => put(word === "not" ? { not: parts.length > 1 ? { all: parts } : parts[0] } : { [word]: parts })));
  if (kind !== "not") line.append(button(fieldWords("Add"), () => put({ [kind]: [...parts, firstTest()] })), button(fieldWords("Group"), () => put({ [kind]: [...parts, { any: [firstTest()] }] })));
  if (remove) line.append(button(fieldWords("Remove"), remove));
  group.append(line);
  parts.forEach((part, at) => {
    const replace = (fresh) => put(kind === "not" ? { not: fresh } : { [kind]: parts.map((one, n) => (n === at ? fresh : one)) });
    const drop = kind === "not" ? () => put(part) : parts.length > 1 ? () => put({ [kind]: parts.filter((_, n) => n !== at) }) : null;
    group.append(drawNode(part, replace, drop));
  });
  return group;
}
function drawTest(node, put, remove) {
  const line = document.createElement("div");
  line.className = "test";
  const known = choices.fields[node.field] || { kind: "text", label: node.field, values: [] };
  const operator = Object.keys(node).find((key) => key !== "field");
  const fields = Object.entries(choices.fields).map(([name, field]) => [name, field.label]);
  line.append(select(fields, node.field, fieldWords("Field"), (name) => put({ field: name, ...firstValue(choices.fields[name]) })));
  const operators = choices.operators[known.kind].map((word) => [word, choices.comparisons[word]]);
  line.append(select(operators, operator, fieldWords("Comparison"), (word) => put({ field: node.field, [word]: convert(node[operator], word, known) })));
  line.append(drawValue(node, operator, known, (value) => { node[operator] = value; changed(); }));
  line.append(button(fieldWords("Not"), () => put({ not: node })), button(fieldWords("Group"), () => put({ all: [node, firstTest()] })));
  if (remove) line.append(button(fieldWords("Remove"), remove));
  return line;
}
function firstValue(field) {
  if (field.kind === "flag") return { is: true };
  if (field.kind === "number") return { at_least: 1 };
  return { is: field.values[0] || "-" };
}
function convert(value, word, known) {
  const many = [value].flat();
  if (word === "in") return many;
  if (word === "between") return [many[0], many.at(-1)];
  return many[0] ?? (known.kind === "number" ? 0 : "");
}
function drawValue(node, operator, known, put) {
  const value = node[operator];
  if (known.kind === "flag") return select([["true", fieldWords("Yes")], ["false", fieldWords("No")]], String(value), fieldWords("Value"), (word) => put(word === "true"));
  if (known.values.length && operator === "is") return select(known.values.map((one) => [one, (known.kind === "answer" && choices.answers[one]) || one]), value, fieldWords("Value"), put);
  const input = document.createElement("input");
  input.className = "input value";
  input.ariaLabel = fieldWords("Value");
  input.value = [value].flat().join(", ");
  input.addEventListener("input", () => {
    const many = commas(input.value).map((one) => (known.kind === "number" ? Number(one) : one));
    put(operator === "in" || operator === "between" ? many : many[0] ?? "");
  });
  return input;
}

// --- the lists of the safety floor, and what was struck from it ---

const nameIn = (one) => (typeof one === "string" ? one : one.id ?? `${one.type} ${one.code}`);
function strike(list, key) { doc[list] = doc[list].filter((one) => nameIn(one) !== key); changed(0); }
function putBack(list, key) {
  const inForce = JSON.parse(document.querySelector("#floor-in-force").textContent);
  const at = inForce[list].findIndex((one) => nameIn(one) === key);
  doc[list].splice(at, 0, inForce[list][at]);
  changed(0);
}
function declare(adding) {
  const list = adding.dataset.declare;
  const { type, code } = adding.elements;
  const reason = Object.fromEntries(choices.languages.map((one) => [one, adding.elements[`words_${one}`]?.value.trim()]).filter(([, words]) => words));
  const entry = code ? { type: type.value, code: code.value, reason } : type.value;
  if (doc[list].some((one) => nameIn(one) === nameIn(entry))) return;
  doc[list] = [...doc[list], entry];
  adding.reset();
  if (code) document.querySelector("#declared")?.setAttribute("open", "");
  changed(0);
}
function readAsJson() {
  try { doc = JSON.parse(proposal.elements.document.value); } catch { tell("wrong", text("NoJson")); return; }
  editor.hidden = true;
  open = null;
  changed(0);
}
function propose() {
  proposal.elements.document.addEventListener("change", readAsJson);
  proposal.addEventListener("cso:restored", readAsJson);
  if (proposal.elements.document.value !== proposal.elements.document.defaultValue) readAsJson();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-declare]")) return;
    event.preventDefault();
    declare(event.target);
  });
}

// --- proof beside each part, counter-examples, who else is here ---

function proving() {
  for (const mark of document.querySelectorAll("[data-proof]")) { mark.textContent = bench.dataset.proofUrl ? text("Proving") : ""; delete mark.dataset.state; }
}
function proved() {
  const fails = new Set([...document.querySelectorAll("#proof [data-fails]")].flatMap((line) => line.dataset.fails.split(" ")));
  for (const mark of document.querySelectorAll("[data-proof]")) {
    const failed = fails.has(mark.dataset.proof);
    mark.dataset.state = failed ? "fails" : "holds";
    mark.textContent = failed ? `✕ ${text("Fails")}` : `✓ ${text("Holds")}`;
  }
}
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.elt?.id !== "proof") return;
    document.querySelector("#proof").textContent = text("Unproved");
    for (const mark of document.querySelectorAll("[data-proof]")) mark.textContent = "?";
  });
}
function example(line) {
  const call = JSON.parse(line.querySelector("script").textContent);
  const tryForm = document.querySelector("#try");
  tryForm.reset();
  tryForm.elements.type.value = call.type || "";
  for (const question of tryForm.querySelectorAll("[data-try]")) {
    const said = question.dataset.codes.split(", ").map((code) => call.answers[code]).find(Boolean);
    if (said) question.querySelector(`input[value="${said}"]`).checked = true;
  }
  for (const [name, value] of Object.entries(call.facts)) if (tryForm.elements[name] && value !== null) { if (tryForm.elements[name].type === "checkbox") tryForm.elements[name].checked = Boolean(value); else tryForm.elements[name].value = value; }
  tryForm.requestSubmit();
  tryForm.scrollIntoView({ block: "start" });
}
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "proof") proved();
  if (event.detail.target?.id === "trial") {
    const asked = document.querySelector("#trial [data-asked]")?.dataset.asked.split(" ") || [];
    for (const question of document.querySelectorAll("[data-try]")) question.toggleAttribute("data-idle", !asked.includes(question.dataset.try));
  }
});
async function lookIn() {
  try {
    const answer = await fetch(bench.dataset.editors, { signal: AbortSignal.timeout(5000) });
    const found = await answer.json();
    document.querySelector("#saved .others").textContent = found.others.length ? `${text("Others")} ${found.others.join(", ")}` : "";
    if (found.revision > revision && !dirty && !saving) { tell("wrong", text("Stale")); meanwhile(text("Stale")); }
    else if (found.status !== "draft") meanwhile(text("Gone"));
    else if (found.overtaken !== Number(bench.dataset.overtaken)) meanwhile(text("Overtaken"));
  } catch { /* shown by the next save */ }
}

document.addEventListener("click", (event) => {
  const pressed = (name) => event.target.closest?.(`[data-${name}]`);
  if (pressed("edit")) edit(pressed("edit").dataset.edit, pressed("edit").closest(".part").dataset.id);
  else if (pressed("add")) add(pressed("add").dataset.add);
  else if (pressed("close-editor")) { editor.hidden = true; mark(); }
  else if (pressed("remove-part")) { doc[open.list] = doc[open.list].filter((one) => one !== open.item); editor.hidden = true; open = null; changed(0); }
  else if (pressed("strike")) strike(pressed("strike").dataset.strike, pressed("strike").dataset.key);
  else if (pressed("restore")) putBack(pressed("restore").dataset.restore, pressed("restore").dataset.key);
  else if (pressed("begin-anew")) { doc = JSON.parse(document.querySelector("#floor-in-force").textContent); editor.hidden = true; open = null; proposal.elements.reason.value = ""; changed(0); }
  else if (pressed("reload")) location.reload();
  else if (pressed("example")) example(pressed("example").closest("li"));
});
if (form) {
  form.addEventListener("input", take);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("online", () => changed(0));
  if (proposal) propose(); else rejoin();
}
// What was typed here before somebody else saved theirs: shown as what it would change in theirs, until she says.
async function offer(kept) {
  const mine = document.querySelector("#kept-mine");
  localStorage.setItem(mineKey, JSON.stringify(kept));
  const body = new URLSearchParams({ document: JSON.stringify(kept.doc), revision, csrfmiddlewaretoken: token() });
  try {
    const answer = await fetch(bench.dataset.differences, { method: "POST", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(15000) });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && !found.querySelector(".differences")) { localStorage.removeItem(mineKey); return; }
    if (answer.ok) mine.querySelector(".lines").replaceChildren(...found.body.childNodes);
  } catch { /* it can be taken all the same */ }
  const done = () => { localStorage.removeItem(mineKey); mine.hidden = true; };
  mine.hidden = false;
  mine.querySelector("[data-take-mine]").addEventListener("click", () => { doc = kept.doc; done(); changed(0); });
  mine.querySelector("[data-leave-mine]").addEventListener("click", done);
}
function rejoin() {
  const [kept, mine] = [keptKey, mineKey].map((key) => JSON.parse(localStorage.getItem(key) || "null"));
  if (kept && kept.revision === revision) { doc = kept.doc; changed(0); } else localStorage.removeItem(keptKey);
  if (mine || (kept && kept.revision !== revision)) offer(mine || kept);
  lookIn();
  setInterval(lookIn, 10000);
  addEventListener("focus", lookIn);
}
proving();
if (document.querySelector("#proof [data-proved]")) proved();
