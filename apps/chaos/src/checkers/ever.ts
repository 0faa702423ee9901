/** EVER: each fault truly happened. An experiment whose fault never came has shown nothing. */
export function checkEver(faults: Readonly<Record<string, number>>): string[] {
  const names = Object.keys(faults);
  if (names.length === 0) return ['no fault at all'];
  return names.filter((name) => !((faults[name] as number) > 0));
}
