/** uPlot in React. A new shape creates a new chart; new data only updates it. Colors follow the color scheme. */
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot, { type AlignedData, type Options } from 'uplot';

export type Colors = (name: string) => string;

export interface ChartProps {
  readonly data: AlignedData;
  readonly height: number;
  /** Identifies the chart, e.g. by the names of its series. Another shape creates another chart. */
  readonly shape: string;
  readonly options: (color: Colors) => Omit<Options, 'width' | 'height'>;
  /** Describes the chart to people who cannot see it. */
  readonly label: string;
}

export function Chart({ data, height, shape, options, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, options });
  latest.current = { data, options };
  const scheme = useComputedColorScheme('light');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chart is created from the shape and the scheme
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const own = latest.current.options(colorsOf(element));
    const chart = new uPlot({ ...own, width: element.clientWidth || 600, height }, latest.current.data, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [shape, scheme, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} role="img" aria-label={label} style={{ overflow: 'hidden', minWidth: 0 }} />;
}

/** A canvas supports neither CSS variables nor light-dark(), so an element resolves them. */
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

/** Distinguishable in both color schemes, and for people with a color vision deficiency. */
export const PALETTE = [
  'light-dark(#1864ab, #74b8f5)',
  'light-dark(#e8850c, #ffb454)',
  'light-dark(#0b7a75, #4fd1c5)',
  'light-dark(#8e44ad, #d5a6ec)',
  'light-dark(#7a7f87, #a4aab3)',
  'light-dark(#a3195b, #ff8fbf)',
] as const;
