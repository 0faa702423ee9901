/** The path where the app is served, and the nonce for its style elements. The service puts both into the page. */
const meta = document.querySelector<HTMLMetaElement>('meta[name="rollgate-base"]');
/** A placeholder remains when Vite's own server serves the page. */
const filledIn = (value: string | undefined) => (value === undefined || value.startsWith('%') ? undefined : value);

/** Begins and ends with a slash. */
export const basePath = filledIn(meta?.content) ?? '/';
export const styleNonce = filledIn(meta?.nonce);
