export default async function tearDown() {
  await globalThis.rollgateTestServer?.stop();
}
