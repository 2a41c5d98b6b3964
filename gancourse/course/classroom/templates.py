"""The files with which a class begins."""

from gancourse.course.lessons import STUB

# nbgrader's name of the course, and its file
COURSE, DATABASE = "gancourse", "gradebook.db"

TEMPLATE = '''\
# A class of gancourse.  Every line is a setting; change what you like.
name = "GANs"
pseudonyms = false     # true: folders and pages use the roster's pseudonyms in place of ids
attempt = "latest"     # which attempt counts: "latest" or "best"
decimal = "."          # the decimal sign of the mark files: "." or ","

[limits]               # of one exercise, while it is graded
seconds = 20
memory_mb = 3000       # of the process that runs a student's code
output_kb = 200

[late]
grace_minutes = 15
percent_per_day = 10   # of the points, for each day begun
limit_days = 7         # later than that counts nothing

[deadlines]            # by lesson; without an offset it is this machine's time
# 05_which_distance = 2026-12-04T23:59:00

[extensions]           # by student and lesson
# s17 = { 05_which_distance = 2026-12-11T23:59:00 }
'''
NBGRADER = f'''\
# nbgrader's settings for this class.  Start `jupyter lab` in this folder: its menu Nbgrader has
# the Formgrader, in which open questions are marked.  `gancourse class marks` reads what you enter.
import os

c = get_config()
c.CourseDirectory.course_id = "{COURSE}"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = "sqlite:///" + os.path.join(c.CourseDirectory.root, "{DATABASE}")
c.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}
c.Execute.timeout = 1800  # of one cell, in seconds, where nbgrader itself runs a whole lesson
'''
