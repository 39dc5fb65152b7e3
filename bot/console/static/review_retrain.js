// Says how far the training is, and shows the result when it is there.

const progress = document.getElementById("progress");

async function look() {
  const response = await fetch("/console/review/retrain/state", {
    headers: { accept: "application/json", "x-anxin-background": "1" },
  }).catch(() => null);
  if (response?.status === 401) return;
  if (response?.ok) {
    const told = await response.json();
    if (told.state !== "running") {
      location.assign("/console/review/retrain");
      return;
    }
    if (progress.textContent !== told.progress) progress.textContent = told.progress;
  }
  setTimeout(look, 2000);
}

if (progress) setTimeout(look, 1000);
