type WithoutNulls<Row> = {
  [Column in keyof Row as null extends Row[Column] ? never : Column]: Row[Column]
} & {
  [Column in keyof Row as null extends Row[Column] ? Column : never]?: NonNullable<Row[Column]>
}

/** Absent values are null in the database and missing in our records. */
export function withoutNulls<Row extends object>(row: Row): WithoutNulls<Row> {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null),
  ) as WithoutNulls<Row>
}

export const toJson = (value: unknown): string => JSON.stringify(value)

/** Text that this store wrote itself; its shape is the port's. */
export const fromJson = <Value>(text: string): Value => JSON.parse(text) as Value
