// Keeps the page current: the server tells what changed, the page is fetched again and merged into what is shown.
"use strict";

const GAP_MS = 300;             // between two fetches, and longer where fetching is slow
const LOST_AFTER_MS = 2500;     // a stream that comes back at once is no news
const REOPEN_MS = 3000;
const AGES_MS = 15000;
const ARMED_MS = 4000;
const BURST_MS = 60;            // between two keys of a scanner; nobody types so fast

const lost = document.getElementById("lost");
const done = document.getElementById("done");
const trouble = document.getElementById("trouble");
const box = document.getElementById("q");
let sought = box.value.trim();  // what is searched for now; never put into the address

// Merging

function merge(shown, fresh) {
  if (shown.isEqualNode(fresh)) return;
  if (shown.nodeType !== fresh.nodeType || shown.nodeName !== fresh.nodeName) {
    shown.replaceWith(fresh);
    return;
  }
  if (shown.nodeType !== Node.ELEMENT_NODE) {
    shown.data = fresh.data;
    return;
  }
  // an age counts by itself; a button being pressed is left alone
  if (shown.nodeName === "TIME" && shown.dateTime === fresh.dateTime) return;
  if (shown.nodeName === "BUTTON" && (shown.disabled || shown.classList.contains("armed"))) return;
  for (const { name } of [...shown.attributes]) {
    // what a person unfolded stays so
    if (!fresh.hasAttribute(name) && name !== "data-seen" && !(name === "open" && shown.nodeName === "DETAILS")) {
      shown.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  mergeChildren(shown, fresh);
}

function mergeChildren(shown, fresh) {
  const key = (node) => node?.dataset?.key;
  const solid = (node) => [...node.childNodes].filter((child) => child.nodeType !== Node.TEXT_NODE || child.data.trim());
  const wanted = new Set([...fresh.children].map(key));
  for (const child of [...shown.children]) if (key(child) && !wanted.has(key(child))) child.remove();
  const kept = new Map([...shown.children].filter(key).map((child) => [key(child), child]));
  const places = solid(shown);
  for (const next of solid(fresh)) {
    const place = places[0];
    const same = key(next) ? kept.get(key(next)) : key(place) ? null : place;
    if (!same) {
      if (next.classList?.contains("card")) next.classList.add("arrives");
      shown.insertBefore(next, place ?? null);
      continue;
    }
    kept.delete(key(next));  // where two have one key, each is one
    places.splice(places.indexOf(same), 1);
    if (same !== place) shown.insertBefore(same, place);
    merge(same, next);
  }
  for (const extra of places) extra.remove();
}

// Fetching

let wanted = false;
let fetching = false;

async function refresh() {
  wanted = true;
  if (fetching || document.hidden) return;
  fetching = true;
  while (wanted) {
    wanted = false;
    const began = performance.now();
    try {
      await load();
    } catch {
      // the stream's banner tells, and its reopening asks again
    }
    const took = performance.now() - began;
    await new Promise((resume) => setTimeout(resume, Math.max(GAP_MS, 4 * took)));
  }
  fetching = false;
}

async function load() {
  const asked = sought;
  const answer = asked
    ? await fetch("/", { method: "POST", body: new URLSearchParams({ q: asked }) })
    : await fetch(location.pathname + location.search);
  if (!answer.ok || asked !== sought) return;
  if (asked && answer.redirected) {  // it is one label: its own page
    sought = box.value = "";
    location.href = answer.url;
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (next) merge(part, next);
  }
  tellAges();
}

// Hearing

let stream = null;
let silence = 0;

function listen() {
  if (stream) stream.close();
  stream = new EventSource("/api/v1/events");
  stream.onopen = () => {
    clearTimeout(silence);
    silence = 0;
    lost.hidden = true;
    refresh();
  };
  stream.onerror = () => {
    silence ||= setTimeout(() => { lost.hidden = false; }, LOST_AFTER_MS);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, REOPEN_MS);
  };
  for (const kind of ["job", "printer", "rejection", "broker", "all"]) stream.addEventListener(kind, refresh);
}

// a tab that nobody sees holds no connection
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    clearTimeout(silence);
    silence = 0;
  } else listen();
});

// Ages

function age(seconds) {
  if (seconds < 10) return "just now";
  if (seconds < 60) return "under 1 min ago";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

function tellAges() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const words = age((Date.now() - at) / 1000);
    if (time.textContent !== words) time.textContent = words;
    time.title = at.toLocaleString();
  }
}

// Acting

function say(problem, good = "") {
  trouble.textContent = problem;
  trouble.hidden = !problem;
  done.textContent = good;
  done.hidden = !good;
}

// whether the button waits for a second tap
function arm(button) {
  if (!button.dataset.again || button.classList.contains("armed")) return false;
  const words = button.textContent;
  button.textContent = button.dataset.again;
  button.classList.add("armed");
  setTimeout(() => {
    button.classList.remove("armed");
    button.textContent = words;
  }, ARMED_MS);
  return true;
}

// what was done, and what takes it back
function acted(form, job) {
  const verb = form.getAttribute("action").split("/").pop();
  const can = (act) => job.actions?.includes(act);
  if (verb === "release" && can("hold")) offer("It will be printed.", "Hold it again", job.id, "hold");
  else if (verb === "hold" && can("release")) offer("It is on hold.", "Print it after all", job.id, "release");
  else if (verb === "move" && can("move")) {
    const back = form.dataset.from && { printer: form.dataset.from };
    offer(`It goes to ${job.printer}.`, back ? `Back to ${form.dataset.from}` : "", job.id, "move", back);
  } else if (verb === "cancel" && can("reprint")) offer("It is canceled.", "Print it again …", job.id, "");
  else if (verb === "reprint") offer("It is printed again.", can("cancel") ? "Cancel that" : "", job.id, "cancel");
  else if (verb === "roll") say("", job.roll ? `A roll of ${job.roll.labels} labels is counted down.` : "The roll is not counted.");
}

function offer(words, label, id, verb, said = null) {
  say("", words);
  if (!label) return;
  const control = document.createElement(verb ? "button" : "a");
  control.textContent = label;
  control.className = "button undo";
  if (!verb) control.href = `/jobs/${encodeURIComponent(id)}`;
  else {
    control.onclick = async () => {
      control.disabled = true;
      try {
        const answer = await fetch(`/api/v1/jobs/${encodeURIComponent(id)}/${verb}`, {
          method: "POST", body: said && JSON.stringify(said), headers: said ? { "Content-Type": "application/json" } : {},
        });
        if (!answer.ok) say((await answer.json()).detail);
        else say("", "It is as it was.");
      } catch {
        say("labeld did not answer. Try again.");
      }
      refresh();
    };
  }
  done.append(" ", control);
}

async function act(form, button) {
  if (arm(button)) return;
  const { key, ...said } = Object.fromEntries(new FormData(form));
  if (button.name) said[button.name] = button.name === "printed" ? button.value === "true" : button.value;
  const body = Object.keys(said).length ? JSON.stringify(said) : null;
  const buttons = (form.closest(".actions, .terms") ?? form).querySelectorAll("button");
  for (const one of buttons) one.disabled = true;
  say("");
  try {
    const answer = await fetch(`/api/v1${form.getAttribute("action")}`, {
      method: "POST", body, headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...(key && { "Idempotency-Key": key }),
      },
    });
    const job = await answer.json();
    if (!answer.ok) say(job.detail);
    else {
      form.reset();
      const unfolded = form.closest("details");
      if (unfolded) unfolded.open = false;
      acted(form, job);
    }
  } catch {
    say("labeld did not answer. Try again.");
  }
  for (const one of buttons) one.disabled = false;
  refresh();
}

// adopts a found printer, changes an adopted one, or forgets it
async function manage(form, button) {
  if (arm(button)) return;
  const { name, resolution, stations, ...said } = Object.fromEntries(new FormData(form));
  const place = `/api/v1/printers/${encodeURIComponent(name.trim())}`;
  const forget = "forget" in form.dataset;
  for (const key in said) if (!said[key].trim()) delete said[key];
  if (resolution) said.resolution = Number(resolution);
  said.stations = (stations ?? "").split(/[\s,]+/).filter(Boolean);
  button.disabled = true;
  say("");
  try {
    const answer = forget
      ? await fetch(place, { method: "DELETE" })
      : await fetch(`${place}/adopt`, {
        method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json" },
      });
    if (!answer.ok) say((await answer.json()).detail);
    else {
      const work = said.stations.length ? `; labels for ${said.stations.join(", ")} print on it` : "";
      say("", `${name} is ${forget ? "forgotten; what waited for it is on hold" : form.dataset.adopt + work}.`);
      form.closest("details").open = false;
    }
  } catch {
    say("labeld did not answer. Try again.");
  }
  button.disabled = false;
  refresh();
}

function seek(text) {
  sought = text;
  if (location.pathname !== "/" || location.search) {
    if (text) return false;  // the form goes to the front page by itself
    location.href = "/";
  }
  refresh();
  return true;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("act" in form.dataset) {
    event.preventDefault();
    act(form, event.submitter ?? form.querySelector("button"));
  } else if ("adopt" in form.dataset || "forget" in form.dataset) {
    event.preventDefault();
    manage(form, event.submitter ?? form.querySelector("button"));
  } else if (form.closest("#who")) {
    event.preventDefault();
    choose(form);
  } else if (form.getAttribute("role") === "search") {
    if (seek(box.value.trim())) event.preventDefault();
    box.select();  // the next scan replaces this one
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-all]")) {
    event.preventDefault();
    box.value = "";
    seek("");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && sought) {
    box.value = "";
    seek("");
  }
  scanned(event);
});

// Scanning: a hand scanner types wherever the focus is; what takes text itself is left alone

const TEXT = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file]), textarea";
let burst = "";
let typedAt = 0;

function scanned(event) {
  const at = document.activeElement;
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.altKey || event.metaKey) return;
  if (at?.matches(TEXT)) return;
  burst = (event.timeStamp - typedAt < BURST_MS ? burst : "") + event.key;
  typedAt = event.timeStamp;
  // a person picks from a list by typing, but not so fast
  if (at?.nodeName === "SELECT" && burst.length < 3) return;
  event.preventDefault();
  box.value = burst;
  box.focus();
}

// Who, and what is seen

const who = document.getElementById("who");

function tellWho() {
  if (!who) return; // a token says it
  const kept = document.cookie.split("; ").find((one) => one.startsWith("labeld-who="));
  let name = "";
  try {
    name = kept ? decodeURIComponent(kept.slice("labeld-who=".length)) : "";
  } catch {
    // no cookie of ours
  }
  who.querySelector("summary").textContent = name ? `You are ${name}` : "Who are you?";
  who.querySelector("input").value = name;
}

async function choose(form) {
  try {
    const answer = await fetch("/who", { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) say((await answer.json()).detail);
    else who.open = false;
  } catch {
    say("labeld did not answer. Try again.");
  }
  tellWho();
}

// the first tap shows a blurred picture, the next one follows its link
document.addEventListener("click", (event) => {
  const picture = event.target.closest?.(".blurred :is(.picture, figure)");
  if (!picture) return;
  const images = picture.querySelectorAll("img:not([data-seen])");
  if (!images.length) return;
  event.preventDefault();
  for (const image of images) image.dataset.seen = "";
});

// on a touch screen the focus would open the keyboard over the page
if (matchMedia("(hover: hover) and (pointer: fine)").matches) box.focus({ preventScroll: true });
setInterval(tellAges, AGES_MS);
tellAges();
tellWho();
listen();
