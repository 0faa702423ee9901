import { expect, test } from '@jest/globals';
import type { HttpRequest } from '../http/http-request.js';
import { addressOf, countedAddress, isLoopback } from './address.js';
import { parseTrustedProxies } from './trust-proxy.js';

const from = (ip: string | undefined, remoteAddress: string | undefined) =>
  addressOf({ ip, socket: { remoteAddress } } as HttpRequest);

test.each([
  ['203.0.113.7', '127.0.0.1', '203.0.113.7'],
  ['::ffff:203.0.113.7', '::1', '203.0.113.7'],
  ['2001:DB8:0:0::1', '::1', '2001:db8::1'],
  ['fe80::1%eth0', undefined, 'fe80::1'],
  ['<script>', '192.0.2.1', '192.0.2.1'],
  [undefined, undefined, 'unknown'],
])('a request from %s over a connection from %s has the address %s', (ip, remote, address) => {
  expect(from(ip, remote)).toBe(address);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['unknown', 'unknown'],
])('%s is counted as %s', (address, counted) => {
  expect(countedAddress(address)).toBe(counted);
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['localhost', false],
  [undefined, false],
])('whether the address %s belongs to this machine: %p', (address, local) => {
  expect(isLoopback(address)).toBe(local);
});

test.each([
  ['1', 1],
  ['16', 16],
  ['10.0.0.0/8', ['10.0.0.0/8']],
  ['10.0.0.0/8, 2001:db8::/32,192.0.2.7', ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']],
  ['true', undefined],
  ['0', undefined],
  ['17', undefined],
  ['0.0.0.0/0', undefined],
  ['::/0', undefined],
  ['loopback', undefined],
  ['10.0.0.0/8,', undefined],
  ['1,2', undefined],
  ['fc00::/7', ['fc00::/7']],
  ['0.0.0.0/1,128.0.0.0/1', undefined],
  ['2000::/3', undefined],
  ['::ffff:0:0/96', undefined],
  ['::ffff:10.0.0.1', undefined],
  ['0:0:0:0:0:ffff:0:0/96', undefined],
  ['10.0.0.0/33', undefined],
  ['10.0.0', undefined],
  ['0x7f.1', undefined],
  ['fe80::1%eth0', undefined],
  ['10.0.0.0/8/8', undefined],
])('ROLLGATE_TRUST_PROXY=%s', (text, proxies) => {
  expect(parseTrustedProxies(text)).toEqual(proxies);
});
