// Exchanges the one-time code of the link for the token, keeps it in this tab, and says who we are.
const PLACE = "modelyard.token";

function say(text) {
  document.getElementById("state").textContent = text;
}

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const token = sessionStorage.getItem(PLACE);
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.detail} ${told.hint}`);
  return told;
}

async function open() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem(PLACE, (await ask("POST", "/session", { code })).token);
  }
  const who = await ask("GET", "/session");
  const health = await ask("GET", "/health");
  say(`You are ${who.name} (${who.role}). Version ${health.version}, ${health.ok ? "all is well" : "something is wrong"}.`);
}

open().catch((error) => say(error.message));
