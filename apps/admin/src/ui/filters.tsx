/** Filters of a list. Each is kept in the address; typed ones as soon as typing rests. */
import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useState } from 'react';

export interface FilterBarProps {
  readonly children: ReactNode;
  /** Takes all filters away; undefined: there are none. */
  readonly onClear?: () => void;
}

export function FilterBar({ children, onClear }: FilterBarProps) {
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label="Filters">
      {children}
      {onClear !== undefined && (
        <Button size="xs" variant="subtle" onClick={onClear}>
          Clear
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
  const tell = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), 300);
  return (
    <TextInput
      size="xs"
      w={width}
      label={label}
      value={text}
      spellCheck={false}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        tell(currentTarget.value);
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

/** A list as a file, with the filters it has. */
export function CsvLink({
  path,
  query,
}: {
  path: string;
  query: Readonly<Record<string, string | number | undefined>>;
}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams([...given.map(([name, value]) => [name, String(value)]), ['format', 'csv']] as [
    string,
    string,
  ][]);
  return (
    <Button component="a" href={`${path}?${text}`} download variant="default" size="sm">
      CSV
    </Button>
  );
}
