// Renews the parts of the page marked data-live, every so many seconds, from the page as it is now.
// What somebody types, or selects to copy, stays as it is. When no answer comes the page says so,
// for a screen on a wall must not look alive when it is not.
"use strict";

const parts = () => document.querySelectorAll("[data-live]");
const everyMs = 1000 * Number(parts()[0].dataset.live);
const overdue = document.querySelector(".overdue");
const address = overdue.dataset.from || location.href;
const lastCame = new Map(Array.from(parts(), (part) => [part.id, part.outerHTML]));
let answeredAt = Date.now();

function isInUse(part) {
  const selection = getSelection();
  if (!selection.isCollapsed && part.contains(selection.anchorNode)) return true;
  return Array.from(part.querySelectorAll("input, textarea, select")).some(
    (field) =>
      field === document.activeElement ||
      (field.options
        ? field.selectedIndex > 0
        : field.value !== field.defaultValue)
  );
}

function replace(part, fresh) {
  lastCame.set(part.id, fresh.outerHTML);
  const focused = part.contains(document.activeElement) && document.activeElement.id;
  const opened = Array.from(part.querySelectorAll("details[open]"), (details) => details.id);
  part.replaceWith(fresh);
  for (const id of opened) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function renew() {
  try {
    const answer = await fetch(address, {
      redirect: "error",
      signal: AbortSignal.timeout(2 * everyMs),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts()) {
      const fresh = page.getElementById(part.id);
      if (lastCame.get(part.id) !== fresh.outerHTML && !isInUse(part)) replace(part, fresh);
    }
    answeredAt = Date.now();
  } catch {
    // The next round tries again.
  }
  overdue.hidden = Date.now() - answeredAt < 4 * everyMs;
  setTimeout(renew, everyMs);
}

setTimeout(renew, everyMs);
