// Plain JavaScript that uses the compiled library, because Jest can't load a TypeScript ES module as its global setup.
import { startTestServer } from '@rollgate/testing';

export default async function setUp() {
  const server = await startTestServer();
  globalThis.rollgateTestServer = server;
  process.env.ROLLGATE_TEST_SERVER_URL = server.url;
}
