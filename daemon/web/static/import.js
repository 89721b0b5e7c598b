// The import page: sends the table with a progress bar, shows what becomes of each row, and follows the labels' states.
"use strict";

const form = document.getElementById("import");
const sent = document.getElementById("sent");
const [check, take] = form.querySelectorAll("button");
const STATES = {
  "pending": "waiting", "pending-held": "on hold", "processing": "printing", "completed": "printed",
  "canceled": "canceled", "aborted": "cannot be printed",
};
const known = new Map();  // states by job, also of jobs whose rows are not shown yet

// page.js would put the page as it was before in place of the result
document.getElementById("content").removeAttribute("data-part");

function complain(words) {
  const box = document.getElementById("trouble");
  box.textContent = words;
  box.hidden = !words;
}

function busy(on) {
  check.disabled = on;
  take.disabled = on || document.getElementById("result").dataset.good !== "yes";
  sent.hidden = !on;
  if (on) sent.value = 0;
}

function send(what) {
  const body = new FormData(form);
  body.set("do", what);
  busy(true);
  complain("");
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => {
    if (event.loaded < event.total) sent.value = event.loaded / event.total;
    else sent.removeAttribute("value");  // all is there; labeld reads it
  };
  request.onload = () => {
    if (request.status === 200) show(new DOMParser().parseFromString(request.responseText, "text/html"));
    else complain(problem(request));
    busy(false);
  };
  request.onerror = () => {
    complain("labeld did not answer. Try again: what was taken is not taken twice.");
    busy(false);
  };
  request.open("POST", form.action);
  request.send(body);
}

function problem(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return `labeld did not understand (${request.status}). Try again.`;
  }
}

function show(page) {
  const result = page.getElementById("result");
  document.getElementById("result").replaceWith(result);
  result.focus();
  tell();
}

function tell() {
  const links = [...document.querySelectorAll("[data-job]")];
  for (const link of links) link.textContent = STATES[known.get(link.dataset.job)] ?? "taken";
  const bar = document.getElementById("printed");
  if (!bar || !links.length) return;
  const count = (state) => links.filter((link) => known.get(link.dataset.job) === state).length;
  const [printed, held] = [count("completed"), count("pending-held")];
  bar.hidden = false;
  bar.value = printed;
  const line = document.getElementById("count");
  line.hidden = false;
  line.textContent = `${printed} of ${links.length} printed${held ? `, ${held} wait for an answer` : ""}`;
}

// what happened while nobody listened; ids grow with time
async function catchUp() {
  const mine = [...document.querySelectorAll("[data-job]")].map((link) => link.dataset.job).sort();
  for (let before = "", more = mine.length > 0; more;) {
    const answer = await fetch(`/api/v1/jobs?limit=200${before && `&before=${before}`}`);
    if (!answer.ok) return;
    const { jobs, next } = await answer.json();
    for (const job of jobs) known.set(job.id, job.state);
    before = next;
    more = Boolean(next) && jobs.at(-1).id > mine[0];
  }
  tell();
}

const changes = new EventSource("/api/v1/events");
changes.addEventListener("job", (event) => {
  const job = JSON.parse(event.data);
  known.set(job.id, job.state);
  tell();
});
changes.addEventListener("all", catchUp);
changes.addEventListener("open", catchUp);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value === "import" ? "import" : "check");
});

// what was checked is not what would be imported any more
form.addEventListener("change", () => {
  document.getElementById("result").dataset.good = "no";
  take.disabled = true;
});

take.disabled = true;
