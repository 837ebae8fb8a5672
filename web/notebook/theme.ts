// Light or dark: the system's choice until the reader makes one, which is remembered.

const KEY = "gradbook-theme";

/** The look that the reader chose for our own page, or in another's the system's. */
export function applyTheme(isOurs = true): void {
  set(isOurs ? remembered() : null);
}

export function toggleTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  set(isDark ? "light" : "dark");
  try {
    localStorage.setItem(KEY, isDark ? "light" : "dark");
  } catch {
    // Where nothing is kept the choice holds for this visit.
  }
}

function set(theme: string | null): void {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  // Canvases do not follow style sheets: views listen for this.
  root.dispatchEvent(new Event("theme-change"));
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
