export function RequestsRoute() {
  return null;
}
