/** The address that a request comes from. */
import ipaddr from 'ipaddr.js';
import type { HttpRequest } from '../http/http-request.js';

/** A provider gives a whole /64 to one customer. Counted one by one, that customer's addresses would never run out. */
const COUNTED_IPV6_GROUPS = 4;

/** The address reported by trusted proxies, or else that of the connection, e.g. `203.0.113.7`. */
export function addressOf({ ip, socket }: HttpRequest): string {
  // A trusted proxy may still forward an invalid address that its own caller sent.
  const found = [ip, socket.remoteAddress].find((text) => text !== undefined && ipaddr.isValid(text));
  return found === undefined ? 'unknown' : normalized(found).toString();
}

/**
 * What counts as one address: an IPv4 address as it is, also when written as IPv6; an IPv6 address by its /64, e.g.
 * `2001:db8:1:2::/64`.
 */
export function countedAddress(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = normalized(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const parts = (parsed as ipaddr.IPv6).parts.map((part, i) => (i < COUNTED_IPV6_GROUPS ? part : 0));
  return `${new ipaddr.IPv6(parts).toString()}/64`;
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && normalized(address).range() === 'loopback';
}

function normalized(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const parsed = ipaddr.process(address);
  // The zone of a link-local address names an interface of this machine.
  if (parsed.kind() === 'ipv6') delete (parsed as ipaddr.IPv6).zoneId;
  return parsed;
}
