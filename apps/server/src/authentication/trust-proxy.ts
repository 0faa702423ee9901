import { isIPv4, isIPv6 } from 'node:net';

/** The trusted proxies between a caller and the service: a number of hops, or their addresses. */
export type TrustedProxies = number | readonly string[];

const MOST_HOPS = 16;

/**
 * The widest networks accepted: 10.0.0.0/8 and fc00::/7 are the widest private ones. Anything wider would trust strangers.
 */
const WIDEST = { ipv4: 8, ipv6: 7 } as const;

/** `2`, or `10.0.0.0/8, 192.0.2.7`. undefined: invalid. `true` is refused: any caller could then claim any address. */
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
  // An IPv4-mapped IPv6 network: ::ffff:0:0/96 covers all of IPv4.
  if (!isIPv6(address) || /^[0:]*:ffff:/i.test(address)) return false;
  return bits === undefined || isBetween(Number(bits), WIDEST.ipv6, 128);
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
