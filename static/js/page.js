// What every page needs: refreshes that disturb nobody, notices that go away when told to, and a sign-in page that never
// lands inside a panel.

// A refresh must not shut what is open, nor touch the field that is being typed into. A button that was pressed has the
// focus too, and must become the next step.
Object.defineProperty(window.Idiomorph.defaults, "ignoreActiveValue", {
  enumerable: true, get: () => Boolean(document.activeElement?.matches("input, textarea, select")),
});
window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.matches?.("details, dialog"));

const signIn = (xhr) => (xhr?.responseURL || "").includes("/accounts/login/");

document.addEventListener("click", (event) => event.target.closest?.("[data-dismiss]")?.closest(".notice")?.remove());

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!signIn(event.detail.xhr)) return;
  event.detail.shouldSwap = false;
  const back = encodeURIComponent(location.pathname + location.search);
  location.assign(`/accounts/login/?next=${back}`);
});

// A second refusal must not repeat the first one's id.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "notices") for (const notice of event.detail.target.children) notice.removeAttribute("id");
});

// A refusal goes when something was done after it, or when another call is looked at: it would only mislead.
document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, requestConfig, elt, target } = event.detail;
  if (!successful || elt?.closest?.("#preview, #questions")) return;
  if (requestConfig.verb === "get" && target?.id !== "pane") return;
  for (const notice of document.querySelectorAll("#notices > .danger")) notice.remove();
});

export function say(text, tone = "warn") {
  const notice = document.createElement("div");
  notice.className = `notice ${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet small";
  close.dataset.dismiss = "";
  close.textContent = "×";
  close.ariaLabel = "×";
  notice.append(words, close);
  document.querySelector("#notices")?.append(notice);
  return notice;
}

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.elt?.closest?.("[data-outbox], .tablet, #preview")) return;
    say(document.body.dataset.textUnsent, "danger");
  });
}
