/** uPlot in React: made anew when its shape changes, else only its data. Colours follow light and dark. */
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot, { type AlignedData, type Options } from 'uplot';

export type Colors = (name: string) => string;

export interface ChartProps {
  readonly data: AlignedData;
  readonly height: number;
  /** What makes it another chart, e.g. the names of its series. */
  readonly shape: string;
  readonly options: (color: Colors) => Omit<Options, 'width' | 'height'>;
  /** What a person who can't see it needs to know. */
  readonly label: string;
}

export function Chart({ data, height, shape, options, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, options });
  latest.current = { data, options };
  const scheme = useComputedColorScheme('light');
  // biome-ignore lint/correctness/useExhaustiveDependencies: shape and scheme are what it is made of
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const own = latest.current.options(colorsOf(element));
    const made = new uPlot({ ...own, width: element.clientWidth || 600, height }, latest.current.data, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, scheme, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} role="img" aria-label={label} style={{ overflow: 'hidden', minWidth: 0 }} />;
}

/** Canvas knows no variables and no light-dark(): the browser resolves them on an element. */
function colorsOf(element: HTMLElement): Colors {
  return (name) => {
    const probe = document.createElement('span');
    probe.style.color = name;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

/** Told apart in both schemes, and by people who see fewer colours. */
export const PALETTE = [
  'light-dark(#1864ab, #74b8f5)',
  'light-dark(#e8850c, #ffb454)',
  'light-dark(#0b7a75, #4fd1c5)',
  'light-dark(#8e44ad, #d5a6ec)',
  'light-dark(#7a7f87, #a4aab3)',
  'light-dark(#a3195b, #ff8fbf)',
] as const;
