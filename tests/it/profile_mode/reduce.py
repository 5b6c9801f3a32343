#!/usr/bin/env python3
"""Makes a small profile of a large one: what callgrind wrote, without the functions that take next to nothing.

    valgrind --tool=callgrind --callgrind-out-file=/tmp/all target/debug/certgate check --base HEAD~8 --policy builtin:rust
    tests/it/profile_mode/reduce.py /tmp/all "$PWD" "$(git rev-parse HEAD)" >tests/it/profile_mode/certgate.callgrind

Kept are the functions of the directory with at least half a percent inclusive, and the calls among them. All else is one function, so that shares
stay what they were; paths begin at the directory.
"""
import collections
import sys

path, root, commit = sys.argv[1], sys.argv[2].rstrip("/") + "/", sys.argv[3]
own, calls = collections.Counter(), collections.Counter()
names, here, there, file, callee_file, call = {}, None, None, None, None, False


def name(space, text):
    number, _, said = text.partition(" ")
    if not number.startswith("("):
        return text
    if said:
        names[space, number] = said
    return names[space, number]


for line in open(path):
    line = line.rstrip("\n")
    if not line or line.startswith("#") or line.startswith(("ob=", "cob=", "fi=", "fe=", "jump", "jcnd")):
        if line.startswith(("fi=", "fe=")):
            name("l", line[3:])
        elif line.startswith(("ob=", "cob=")):
            name("o", line.partition("=")[2])
        continue
    if line.startswith("fl="):
        file = name("l", line[3:])
    elif line.startswith("fn="):
        here = (file, name("f", line[3:]))
    elif line.startswith(("cfi=", "cfl=")):
        callee_file = name("l", line[4:])
    elif line.startswith("cfn="):
        there = (callee_file or file, name("f", line[4:]))
        callee_file = None
    elif line.startswith("calls="):
        call = True
    elif line[0].isdigit() or line[0] in "+-*":
        cost = int(line.split()[1])
        if call:
            if here != there:
                calls[here, there] += cost
        else:
            own[here] += cost
        call = False

total = sum(own.values())
inclusive = collections.Counter(own)
for (caller, _), cost in calls.items():
    inclusive[caller] += cost
kept = [one for one in inclusive if inclusive[one] >= total / 200 and one[0] and one[0].startswith(root)]
kept.sort(key=lambda one: (-inclusive[one], one))
print("# callgrind format")
print(f"# of {commit}; reduced by reduce.py")
print("positions: line\nevents: Ir\n")
rest = ("the rest", "the rest")
for one in kept:
    print(f"fl={one[0].removeprefix(root)}\nfn={one[1]}\n0 {own[one]}")
    beyond = 0
    for (caller, callee), cost in sorted(calls.items()):
        if caller != one:
            continue
        if callee in kept:
            print(f"cfi={callee[0].removeprefix(root)}\ncfn={callee[1]}\ncalls=1 0\n0 {cost}")
        else:
            beyond += cost
    if beyond:
        print(f"cfi={rest[0]}\ncfn={rest[1]}\ncalls=1 0\n0 {beyond}")
    print()
print(f"fl={rest[0]}\nfn={rest[1]}\n0 {total - sum(own[one] for one in kept)}")
