/** EVER: each fault actually happened. An experiment whose fault never occurred proves nothing. */
export function checkEver(faults: Readonly<Record<string, number>>): string[] {
  const names = Object.keys(faults);
  if (names.length === 0) return ['no fault'];
  return names.filter((name) => !((faults[name] as number) > 0));
}
