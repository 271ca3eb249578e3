export interface Note {
  id: number;
  author: string;
  text: string;
  writtenAt: string;
}

export interface Credentials {
  name: string;
  password: string;
}

async function call(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(`/api${path}`, init);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

function post(path: string, body: unknown, token?: string): Promise<Response> {
  const headers = new Headers({ "Content-Type": "application/json" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function readNotes(): Promise<Note[]> {
  return (await call("/notes")).json();
}

export async function writeNote(text: string, token: string): Promise<void> {
  await post("/notes", { text }, token);
}

export async function signUp(credentials: Credentials): Promise<void> {
  await post("/accounts", credentials);
}

export async function signIn(credentials: Credentials): Promise<string> {
  const { token } = await (await post("/sessions", credentials)).json();
  return token;
}
