import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { type Credentials, type Note, readNotes, signIn, signUp, writeNote } from "./api";

type Run = (action: () => Promise<void>) => void;

function SignIn({ run, onToken }: { run: Run; onToken: (token: string) => void }) {
  const enter = (form: FormData) =>
    run(async () => {
      const credentials: Credentials = { name: String(form.get("name")), password: String(form.get("password")) };
      if (form.get("intent") === "sign-up") await signUp(credentials);
      onToken(await signIn(credentials));
    });

  return (
    <form action={enter}>
      <input name="name" placeholder="Name" required />
      <input name="password" type="password" placeholder="Password" minLength={8} required />
      <button name="intent" value="sign-in">Sign in</button>
      <button name="intent" value="sign-up">Sign up</button>
    </form>
  );
}

function App() {
  const [notes, setNotes] = useState<Note[]>([]);
  const [token, setToken] = useState<string>();
  const [error, setError] = useState<string>();

  const run: Run = (action) => {
    setError(undefined);
    action().catch((reason: Error) => setError(reason.message));
  };
  const refresh = async () => setNotes(await readNotes());

  useEffect(() => run(refresh), []);

  const write = (form: FormData, token: string) =>
    run(async () => {
      await writeNote(String(form.get("text")), token);
      await refresh();
    });

  return (
    <main>
      <h1>Nexiom</h1>
      {error && <p role="alert">{error}</p>}
      {token ? (
        <form action={(form) => write(form, token)}>
          <input name="text" placeholder="A note for everyone" maxLength={1000} required />
          <button>Write</button>
        </form>
      ) : (
        <SignIn run={run} onToken={setToken} />
      )}
      <ul>
        {notes.map((note) => (
          <li key={note.id}>
            <strong>{note.author}</strong> {note.text}
          </li>
        ))}
      </ul>
    </main>
  );
}

createRoot(document.getElementById("root")!).render(<App />);
