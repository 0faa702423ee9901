// Uses the bundle, as the page would.
import { sendInvoice } from './dist/page.js';

console.log(`status ${await sendInvoice(process.argv[2], console.log)}`);
