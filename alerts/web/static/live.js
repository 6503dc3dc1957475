// Renews the part of the page marked data-live, every so many seconds. When no answer comes the
// page says so, for a screen on a wall must not look alive when it is not.
"use strict";

const everyMs = 1000 * Number(document.querySelector("[data-live]").dataset.live);
const overdue = document.querySelector(".overdue");
let answeredAt = Date.now();

async function renew() {
  try {
    const answer = await fetch(location.href, {
      redirect: "error",
      signal: AbortSignal.timeout(2 * everyMs),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement?.id;
    document.querySelector("[data-live]").replaceWith(page.querySelector("[data-live]"));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    answeredAt = Date.now();
  } catch {
    // The next round tries again.
  }
  overdue.hidden = Date.now() - answeredAt < 4 * everyMs;
  setTimeout(renew, everyMs);
}

setTimeout(renew, everyMs);
