interface Job {
  id: string;
  status: "queued" | "running" | "succeeded" | "failed";
  output: string | null;
}

const POLL_MILLISECONDS = 500;

async function call(path: string, init?: RequestInit): Promise<Job> {
  const response = await fetch(`/api/jobs${path}`, init);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.json();
}

async function submit(form: FormData): Promise<Job> {
  const body = JSON.stringify({ code: form.get("code"), event: JSON.parse(String(form.get("event"))) });
  return call("", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

async function finished(job: Job): Promise<Job> {
  while (job.status === "queued" || job.status === "running") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    job = await call(`/${job.id}`);
  }
  return job;
}

const form = document.querySelector<HTMLFormElement>("#submission")!;
const result = document.querySelector<HTMLPreElement>("#result")!;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  result.textContent = "…";
  try {
    const job = await finished(await submit(new FormData(form)));
    result.textContent = `${job.status}\n${job.output ?? ""}`;
  } catch (error) {
    result.textContent = String(error);
  }
});
