import { isIPv4, isIPv6 } from 'node:net';

/** Proxies between a caller and the service: so many of them, or those at these addresses. */
export type TrustedProxies = number | readonly string[];

const MOST_HOPS = 16;

/** A wider network is no row of proxies but half of everybody: 10.0.0.0/8 and fc00::/7 are the widest private ones. */
const WIDEST = { ipv4: 8, ipv6: 7 } as const;

/** `2`, or `10.0.0.0/8, 192.0.2.7`. undefined: neither. `true` is never meant: whoever calls would name its own address. */
export function parseTrustedProxies(text: string): TrustedProxies | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length === 1 && /^\d{1,3}$/.test(text.trim())) {
    const hops = Number(text);
    return hops >= 1 && hops <= MOST_HOPS ? hops : undefined;
  }
  return parts.every(isNetwork) ? parts : undefined;
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([\da-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIPv4(address)) return bits === undefined || isBetween(Number(bits), WIDEST.ipv4, 32);
  // IPv4 in IPv6's clothes: all of ::ffff:0:0/96 is all of IPv4.
  if (!isIPv6(address) || /^[0:]*:ffff:/i.test(address)) return false;
  return bits === undefined || isBetween(Number(bits), WIDEST.ipv6, 128);
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
