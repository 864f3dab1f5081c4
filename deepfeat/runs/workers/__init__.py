"""Methods outside of the main process: what one of them does to its process concerns no other.

`isolated` is what a run uses. Behind it: `client` talks to the fork server (`server`), a process that has
loaded TensorFlow once and starts a worker for every question in milliseconds; `worker` is what such a worker
does, `sandbox` what it gives up before; `tree` finds and ends everything that it started; `channel` and
`exchange` are the messages and the files that cross over, without pickle.
"""
