#!/usr/bin/env python3
"""Puts code and output into the pages, or checks that what stands there is what was run.

    python3 docs/tutorials/pages.py           writes the blocks of every page
    python3 docs/tutorials/pages.py --check   names what differs, exit code 1

A page says where a block comes from in a comment above it:
    <!-- from examples/blobs.cpp: net -->            the lines between `// [net]` and `// [/net]`
    <!-- output of blobs -->                         docs/tutorials/blobs/output.txt, all of it
    <!-- output of blobs: "untrained" to "epoch" --> from the first line with one text to the next with the other
NAME.md and NAME.ru.md must have the same blocks, the same pictures and the same numbers in their text, and a number
with a decimal point must stand in the program, in its output or in another block of the page.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
SOURCE = re.compile(r'<!-- from (?P<path>\S+): (?P<name>\S+) -->')
OUTPUT = re.compile(r'<!-- output of (?P<program>[\w/]+)(?:: "(?P<first>[^"]*)" to "(?P<last>[^"]*)")? -->')
NUMBER = re.compile(r'\d+(?:\.\d+)?')


def dedent(lines):
    """Lines without the indentation that all of them have."""
    margin = min((len(l) - len(l.lstrip()) for l in lines if l.strip()), default=0)
    return [l[margin:] for l in lines]


def cut(path, name):
    """The lines of a source file between its markers."""
    lines = (ROOT / path).read_text().splitlines()
    stripped = [l.strip() for l in lines]
    if f"// [{name}]" not in stripped or f"// [/{name}]" not in stripped:
        raise ValueError(f"{path} has no part [{name}]")
    begin, end = stripped.index(f"// [{name}]"), stripped.index(f"// [/{name}]")
    inside = [l for l in lines[begin + 1:end] if not re.fullmatch(r"\s*// \[/?[\w-]+\]", l)]
    return dedent(inside)


def output(program, first, last):
    """What a program printed, or a part of it."""
    lines = (TUTORIALS / program / "output.txt").read_text().splitlines()
    if first is None:
        return lines
    begin = next((i for i, l in enumerate(lines) if first in l), None)
    if begin is None:
        raise ValueError(f"the output of {program} has no line with '{first}'")
    end = next((i for i in range(begin, len(lines)) if last in lines[i]), None)
    if end is None:
        raise ValueError(f"the output of {program} has no line with '{last}' after '{first}'")
    return lines[begin:end + 1]


def block_for(line):
    """The fenced block that belongs below this line, or None."""
    if match := SOURCE.fullmatch(line.strip()):
        return ["```cpp", *cut(match["path"], match["name"]), "```"]
    if match := OUTPUT.fullmatch(line.strip()):
        return ["```text", *output(match["program"], match["first"], match["last"]), "```"]
    return None


def filled(text):
    """The page with every block as it should be."""
    lines, result, i = text.splitlines(), [], 0
    while i < len(lines):
        result.append(lines[i])
        block = block_for(lines[i])
        i += 1
        if block is None:
            continue
        result += block
        if i < len(lines) and lines[i].startswith("```"):  # the old block goes
            i = next(j for j in range(i + 1, len(lines)) if lines[j].startswith("```")) + 1
    return "\n".join(result) + "\n"


def parts(text):
    """Blocks (code, output, pictures) and the prose of a page."""
    blocks = re.findall(r"^```.*?^```$", text, re.M | re.S)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", prose)
    prose = re.sub(r"\]\([^)]*\)", "]", prose)  # addresses are no prose
    prose = re.sub(r"<!--.*?-->|`[^`]*`", "", prose, flags=re.S)
    return blocks, pictures, prose


def numbers(prose):
    return NUMBER.findall(re.sub(r"(?<=\d),(?=\d)", ".", prose))


def check_tutorial(page, faults):
    """What must hold for one page and its translation."""
    blocks, pictures, prose = parts(page.read_text())
    name = page.name.removesuffix(".md")
    for picture in pictures:
        if not (page.parent / picture).is_file():
            faults.append(f"{page.name}: there is no picture {picture}")
    known = "\n".join(blocks)
    for extra in [ROOT / "examples" / f"{name}.cpp", *sorted((TUTORIALS / name).glob("*.txt"))]:
        if extra.is_file():
            known += extra.read_text()
    values = {float(n) for n in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", known)}  # 1e-3 is 0.001
    for number in numbers(prose):
        if "." in number and float(number) not in values:
            faults.append(f"{page.name}: {number} stands neither in the program nor in its output")
    russian = page.with_name(name + ".ru.md")
    if not russian.is_file():
        faults.append(f"{page.name} has no {russian.name}")
        return
    other_blocks, other_pictures, other_prose = parts(russian.read_text())
    if blocks != other_blocks:
        faults.append(f"{russian.name}: its code or output differs from that of {page.name}")
    if pictures != other_pictures:
        faults.append(f"{russian.name}: its pictures differ from those of {page.name}")
    if sorted(numbers(prose)) != sorted(numbers(other_prose)):
        only = sorted(set(numbers(prose)) ^ set(numbers(other_prose)))
        faults.append(f"{russian.name}: its numbers differ from those of {page.name}: {', '.join(only) or 'how often'}")


def main():
    check = "--check" in sys.argv[1:]
    faults = []
    pages = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for page in pages:
        text = page.read_text()
        try:
            new = filled(text)
        except (ValueError, OSError) as error:
            faults.append(f"{page.relative_to(ROOT)}: {error}")
            continue
        if check and new != text:
            faults.append(f"{page.relative_to(ROOT)}: a block is not what its source or output says; run "
                          "python3 docs/tutorials/pages.py")
        elif not check and new != text:
            page.write_text(new)
    for page in sorted(TUTORIALS.glob("*.md")):
        if not page.name.endswith(".ru.md") and page.name != "README.md":
            check_tutorial(page, faults)
    for fault in faults:
        print(fault)
    if check and not faults:
        print(f"{len(pages)} pages are as their sources and outputs say")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
