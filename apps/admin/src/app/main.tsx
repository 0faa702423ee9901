import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app.css';
import './data.css';
import { createRoot } from 'react-dom/client';
import { styleNonce } from '../lib/base.js';
import { listenForKeys } from '../lib/shortcuts.js';
import { App } from './app.js';

// The package that locks scrolling behind a drawer adds a style element, and reads its nonce from here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
listenForKeys();

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
