// Plain JavaScript over the compiled library: Jest cannot load a TypeScript ES module as global set-up.
import { startTestServer } from '@rollgate/testing';

export default async function setUp() {
  const server = await startTestServer();
  globalThis.rollgateTestServer = server;
  process.env.ROLLGATE_TEST_SERVER_URL = server.url;
}
