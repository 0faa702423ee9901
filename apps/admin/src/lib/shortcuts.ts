/** Keyboard shortcuts. Each screen registers its own, and the `?` dialog lists them. They do nothing while a person types. */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { store, stored } from './stored.js';

export interface Shortcut {
  /** `j`, `?`, `mod+k`, or two keys in sequence: `g d`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

interface Sheet {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

const NEXT_KEY_MS = 1_200;

let sheets: readonly Sheet[] = [];
let singleKeys = stored('single-keys', true);
let pending: { key: string; at: number } | undefined;
const listeners = new Set<() => void>();

export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const shape = shortcuts.map(({ keys, does }) => `${keys} ${does}`).join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list changes with its shape; each shortcut runs the latest function
  useEffect(() => {
    const sheet = {
      title,
      shortcuts: latest.current.map((one, i) => ({ ...one, run: () => latest.current[i]?.run() })),
    };
    change([...sheets, sheet]);
    return () => change(sheets.filter((other) => other !== sheet));
  }, [title, shape]);
}

export function useSheets(): { sheets: readonly Sheet[]; singleKeys: boolean } {
  return {
    sheets: useSyncExternalStore(subscribe, () => sheets),
    singleKeys: useSyncExternalStore(subscribe, () => singleKeys),
  };
}

/** Shortcuts without Ctrl can interfere with speech input, so they can be turned off. */
export function setSingleKeys(on: boolean): void {
  singleKeys = on;
  store('single-keys', on);
  for (const listener of listeners) listener();
}

export function listenForKeys(): void {
  window.addEventListener('keydown', (event) => {
    const found = shortcutOf(event);
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (event.defaultPrevented || event.altKey || event.isComposing) return undefined;
  const all = sheets.flatMap(({ shortcuts }) => shortcuts).reverse();
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return all.find(({ keys }) => keys === `mod+${key}`);
  if (!singleKeys || isTyping(event.target) || document.querySelector('[role="dialog"]') !== null) return undefined;
  const first = pending !== undefined && event.timeStamp - pending.at < NEXT_KEY_MS ? pending.key : undefined;
  pending = undefined;
  const found = all.find(({ keys }) => keys === (first === undefined ? key : `${first} ${key}`));
  if (found === undefined && all.some(({ keys }) => keys.startsWith(`${key} `))) pending = { key, at: event.timeStamp };
  return found;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches('input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]')
  );
}

function change(next: readonly Sheet[]): void {
  sheets = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
