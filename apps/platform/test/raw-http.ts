/** Sends raw HTTP that no client library would send. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a text on one connection. Resolves to all answers once the server has closed the connection. */
export function sendRaw(origin: string, text: string): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let received = '';
    const caller = connect(Number(port), hostname, () => caller.write(text));
    caller.setEncoding('latin1').on('data', (more: string) => (received += more));
    caller.once('close', () => resolve(answersIn(received)));
    caller.once('error', reject);
  });
}

function answersIn(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n');
    const head = end === -1 ? rest : rest.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const from = end === -1 ? rest.length : end + 4;
    answers.push({ status: Number(head.split(' ')[1]), head, body: rest.slice(from, from + length) });
    rest = rest.slice(from + length);
  }
  return answers;
}

export function requestText({
  method = 'GET',
  path,
  headers = {},
  body = '',
  last = true,
}: {
  method?: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** The server closes the connection after this request. */
  last?: boolean;
}): string {
  const lines = Object.entries({
    host: 'here',
    ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
    connection: last ? 'close' : 'keep-alive',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
