export function NearRoute() {
  return null;
}
