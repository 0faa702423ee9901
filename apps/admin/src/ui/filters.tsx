/** Filters of a list. The address keeps each of them. A text filter applies once the person stops typing. */
import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useState } from 'react';

export interface FilterBarProps {
  readonly children: ReactNode;
  readonly onClear: () => void;
  /** Whether any filter is set. */
  readonly filtered: boolean;
}

export function FilterBar({ children, onClear, filtered }: FilterBarProps) {
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label="Filters">
      {children}
      {filtered && (
        <Button size="xs" variant="subtle" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </Group>
  );
}

export interface FilterProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

export function TextFilter({ label, value = '', onChange, width = 150 }: FilterProps & { width?: number }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const apply = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), 300);
  return (
    <TextInput
      size="xs"
      w={width}
      label={label}
      value={text}
      spellCheck={false}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        apply(currentTarget.value);
      }}
    />
  );
}

export interface SelectFilterProps extends FilterProps {
  readonly data: { value: string; label: string }[];
}

export function SelectFilter({ label, value = '', onChange, data }: SelectFilterProps) {
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
      data={data}
    />
  );
}

export interface ExportProps {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | undefined>>;
}

/** Downloads a list as a file, with the same filters. */
export function ExportCsv({ path, query }: ExportProps) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  search.set('format', 'csv');
  return (
    <Button component="a" href={`${path}?${search}`} download variant="default" size="sm">
      Export CSV
    </Button>
  );
}
