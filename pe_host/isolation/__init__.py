"""The one launcher of processes that run plugin code, and what holds them.

    host ── launch ──> warden ── fork ──> confined process: confine, then a module, then plugins
      └─ lifeline ───────┘                  └─ whatever a plugin starts

`launch.launch` starts a fresh interpreter, which forks before it imports anything else. The parent
becomes the *warden*, which never runs plugin code and adopts every orphan below it. When the
confined process has ended, or the host has let go of the lifeline, the warden kills whatever is
left below it and ends with the status of the confined process. The lifeline is a pipe whose write
end only the host holds, so the kernel closes it however the host dies. A plugin that kills its
warden gains nothing: the kernel then kills the confined process, and the host adopts and kills the
rest. (Only one that also kills the host at the same moment leaves something behind.)

These modules import only the standard library, and this one nothing at all: the launched
interpreter passes through it. Outside Linux the same code ends the process group instead of every
descendant, and the kernel confines less.
"""
