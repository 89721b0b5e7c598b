// Sends dropped and chosen files one after another, and follows them until they are printed; page.js merges and tells.
"use strict";

const POLL_MS = 250;
const names = new Map();   // what a file is called stays in this browser
const form = document.getElementById("upload");
const files = document.getElementById("files");
const zone = document.getElementById("zone");
const sending = document.getElementById("sending");
const waiting = [];
let busy = false;

// files are sent as soon as they are chosen: the button is for browsers without this script
document.documentElement.classList.add("scripted");

function line(text, bad = false) {
  const entry = document.createElement("li");
  entry.textContent = text;
  entry.className = bad ? "bad" : "";
  sending.append(entry);
  return entry;
}

// a request with the progress of what is sent, which fetch does not tell
function post(url, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onload = () => resolve(request);
    request.onerror = reject;
    request.send(file);
  });
}

async function send(file, where) {
  const entry = line(`Sending ${file.name} …`);
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", `Sending ${file.name}`);
  entry.append(bar);
  try {
    const answer = await post(`/api/v1/uploads?${where}`, file, (part) => { bar.value = part; });
    const said = JSON.parse(answer.responseText);
    if (answer.status >= 400) throw new Error(said.detail);
    names.set(said.id, file.name);
    if (answer.status === 200) say("", `${file.name} is here already: it is shown below.`);
    entry.remove();
  } catch (error) {
    entry.remove();
    line(`${file.name}: ${error.message ?? "labeld did not answer, nothing was taken. Try again."}`, true);
  }
}

async function sendAll(list) {
  const { station = "", printer = "" } = Object.fromEntries(new FormData(form));
  const where = new URLSearchParams({ station, printer });
  waiting.push(...[...list].map((file) => [file, where]));
  if (busy) return;
  busy = true;
  sending.replaceChildren();
  while (waiting.length) {
    await send(...waiting.shift());
    follow();
  }
  busy = false;
}

function name() {
  for (const place of document.querySelectorAll("[data-name]")) {
    const known = names.get(place.dataset.name);
    if (known && place.textContent !== known) place.textContent = known;
  }
}

// a merge puts the server's words in the place of the names
const mergeUploads = new MutationObserver(name);
mergeUploads.observe(document.getElementById("content"), { childList: true, subtree: true, characterData: true });

let following = false;
let askedAgain = false;

// draws the page again, and goes on while a file is read or its jobs are made
async function follow() {
  askedAgain = true;
  if (following) return;
  following = true;
  const moving = '.upload[data-state="reading"], .upload[data-state="printing"]';
  while (askedAgain || document.querySelector(moving)) {
    askedAgain = false;
    refresh();  // one after another: an old answer must not come after a new one
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
  following = false;
}

files.addEventListener("change", () => {
  sendAll(files.files);
  files.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  if (event.dataTransfer.files.length) sendAll(event.dataTransfer.files);
});

document.addEventListener("submit", async (event) => {
  const { upload, discard } = event.target.dataset;
  if (upload === undefined) return;
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector("button");
  button.disabled = true;
  say("");
  try {
    const answer = discard === undefined
      ? await fetch(`/api/v1/uploads/${upload}/print`, {
        method: "POST", body: JSON.stringify(Object.fromEntries(new FormData(event.target))),
        headers: { "Content-Type": "application/json" },
      })
      : await fetch(`/api/v1/uploads/${upload}`, { method: "DELETE" });
    if (!answer.ok) say((await answer.json()).detail);
  } catch {
    say("labeld did not answer. Try again.");
  }
  button.disabled = false;
  follow();
});

follow();
