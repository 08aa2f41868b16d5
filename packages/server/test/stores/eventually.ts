/** Recovery takes a moment: the first calls may still meet connections that are dead. */
export async function eventually<Value>(call: () => Promise<Value>): Promise<Value> {
  const deadline = Date.now() + 10_000
  for (;;)
    try {
      return await call()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
