export function OverridesRoute() {
  return null;
}
