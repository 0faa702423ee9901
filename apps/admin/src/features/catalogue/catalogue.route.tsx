export function CatalogueRoute() {
  return null;
}
