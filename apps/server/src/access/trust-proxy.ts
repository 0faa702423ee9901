import ipaddr from 'ipaddr.js';

/** Proxies between a caller and the service: so many of them, or those at these addresses. */
export type TrustedProxies = number | readonly string[];

const MOST_HOPS = 16;

/** `2`, or `10.0.0.0/8, 192.0.2.7`. undefined: neither. `true` is never meant: whoever calls would name its own address. */
export function parseTrustedProxies(text: string): TrustedProxies | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length === 1 && /^\d{1,3}$/.test(text.trim())) {
    const hops = Number(text);
    return hops >= 1 && hops <= MOST_HOPS ? hops : undefined;
  }
  return parts.every(isNetwork) ? parts : undefined;
}

/** `/0` is everybody. */
function isNetwork(text: string): boolean {
  if (!/[.:]/.test(text)) return false;
  if (!text.includes('/')) return ipaddr.isValid(text);
  return ipaddr.isValidCIDR(text) && ipaddr.parseCIDR(text)[1] > 0;
}
