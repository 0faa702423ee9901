/** Where the app is served, and the nonce that its style elements need: both told by the page. */
const meta = document.querySelector<HTMLMetaElement>('meta[name="rollgate-base"]');
const told = (value: string | undefined) => (value === undefined || value.startsWith('%') ? undefined : value);

/** Begins and ends with a slash. */
export const basePath = told(meta?.content) ?? '/';
export const styleNonce = told(meta?.nonce);
