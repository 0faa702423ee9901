/** Small values kept in the browser's local storage. If the browser refuses to store them, nothing fails. */
export function stored<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`rollgate:${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(`rollgate:${key}`, JSON.stringify(value));
  } catch {
    // Private windows may refuse.
  }
}
