import { CHROMIUM_FLAGS, ensureChromium } from '@rollgate/testing';
import { type Browser, chromium } from 'playwright-core';

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: ensureChromium(), args: [...CHROMIUM_FLAGS] });
}
