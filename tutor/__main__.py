"""Run the tutor with `python -m tutor`."""

from tutor.launch import main

if __name__ == "__main__":
    main()
