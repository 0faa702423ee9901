import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app.css';
import { createRoot } from 'react-dom/client';
import { styleNonce } from '../lib/base.js';
import { listenForKeys } from '../lib/shortcuts.js';
import { App } from './app.js';

// What locks the page's scrolling behind a drawer writes a style element of its own and asks this for the nonce.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
listenForKeys();

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
