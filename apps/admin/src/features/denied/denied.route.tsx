export function DeniedRoute() {
  return null;
}
